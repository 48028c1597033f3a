"""What readers see outside JupyterLab: the fidelity report, the table of benchmarks, the static site."""
