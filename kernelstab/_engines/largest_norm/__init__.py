"""The largest norm on a symmetric convex set: bounds for the kernel sizes that have no closed form."""
