"""Search for the perturbation in a ball that moves a map most, with and without derivatives."""
