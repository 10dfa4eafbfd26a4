"""From percent sources to notebooks, package, student kit and visible checks; import its modules by name."""
