"""What writes grades down: the class folder and everything that speaks to nbgrader; nothing here decides a point."""
