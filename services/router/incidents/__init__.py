"""Incidents: many callers, one outage that is looked after as one."""
