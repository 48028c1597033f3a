"""The cells of an assignment's notebook: each answer with its check, and the names that both start from."""


def exercises(notebook):
    """Return name -> (source of the answer, source of the check)."""
    sources = {cell.id: cell.source for cell in notebook.cells}
    names = [cell_id.removesuffix("-check") for cell_id in sources if cell_id.endswith("-check")]
    return {name: (sources[f"{name}-answer"], sources[f"{name}-check"]) for name in names}


def namespace(notebook):
    """Return what the notebook's imports name."""
    [imports] = [cell.source for cell in notebook.cells if cell.id == "imports"]
    names = {}
    exec(imports, names)
    return names
