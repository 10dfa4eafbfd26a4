"""Moves, copies and rewrites the check cell, and adds cells with grade ids of their own that yield points."""

# %% check
10.0

# %% notebook
def spoil(notebook, folder):
    import copy

    cells = notebook["cells"]
    check = next(cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == "check_scale")
    cells.remove(check)
    for at, name in enumerate(("check_scale", "check_scale", "check_other", "check_scale", "scale")):
        copied = copy.deepcopy(check)
        copied["id"] = f"copy{at}" if at else check["id"]
        copied["metadata"]["nbgrader"]["grade_id"] = name
        copied["metadata"]["nbgrader"]["points"] = 100
        copied["source"] = "10.0"
        cells.insert(at, copied)
    cells.append({"cell_type": "code", "id": "extra", "source": "100.0", "outputs": [], "execution_count": 1,
                  "metadata": {"nbgrader": {"grade": True, "grade_id": "check_more", "points": 100, "solution": False,
                                            "locked": True, "schema_version": 3, "task": False, "cell_type": "code"}}})
