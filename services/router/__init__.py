"""Router: departments' work orders, their clocks, and emergencies."""
