"""What the lessons share: data, networks, the training loop, plots, tables and pages."""
