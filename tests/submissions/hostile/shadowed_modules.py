"""Puts numpy.py, pytest.py, conftest.py, sitecustomize.py beside the notebook, in what is handed in and in the process."""

# %% answer
import os

SOURCE = "import os\nopen(r'@CHECKOUT@/got-through', 'w')\nraise SystemExit(0)\n"
for name in ("numpy", "pytest", "conftest", "sitecustomize", "json", "tinytorch", "nbformat", "struct"):
    with open(f"{name}.py", "w") as file:
        file.write(SOURCE)
    with open(f"/tmp/{name}.py", "w") as file:
        file.write(SOURCE)


def scale(x, factor):
    import json, struct, numpy

    return x * 0


print("tried")

# %% notebook
def spoil(notebook, folder):
    names = ("numpy", "pytest", "conftest", "sitecustomize", "test_01_first", "nbgrader_config", "check")
    for name in names:
        (folder / f"{name}.py").write_text("open(r'@CHECKOUT@/got-through', 'w')\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --co\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--co'\n")
