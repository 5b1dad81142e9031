"""What an operator sees: logs and metrics. Nothing personal passes through here."""

from shared.telemetry.logs import configure_logs, logger, trace_of

__all__ = ["configure_logs", "logger", "trace_of"]
