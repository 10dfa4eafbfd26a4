"""Records grades: the class folder and everything that uses nbgrader; nothing here decides a point."""
