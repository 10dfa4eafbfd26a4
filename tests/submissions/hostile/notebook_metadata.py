"""Changes points, ids, locks, kernel and checksums in the notebook's metadata, and claims to be graded already."""

# %% notebook
def spoil(notebook, folder):
    notebook["metadata"] = {
        "kernelspec": {"name": "evil", "display_name": "x", "argv": ["sh", "-c", "touch '@CHECKOUT@/got-through'"]},
        "language_info": {"name": "bash"},
        "tinytorch_result": "0" * 64,
        "nbgrader": {"score": 10},
        "celltoolbar": "<script>alert(1)</script>",
    }
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader")
        if marks:
            marks.update(points=1000, grade=True, solution=True, locked=False, task=False, schema_version=99)
            marks.update(checksum="0" * 32, cell_type="code")
            if marks["grade_id"] == "check_scale":
                marks["grade_id"] = "scale"
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000.0"}, "metadata": {}, "execution_count": 1}]
