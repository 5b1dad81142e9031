"""The sample group's policy documents: what a property group gets before it writes its own."""
