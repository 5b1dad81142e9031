"""What calls are as load: quarter hours, figures, gauges."""
