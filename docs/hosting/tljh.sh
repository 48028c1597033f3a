#!/bin/sh
# The Littlest JupyterHub on one server: run once as root, after its installer, from the course's checkout.
set -eu

/opt/tljh/user/bin/python -m pip install -c constraints.txt -e '.[hub]' nbgitpuller
tljh-config set limits.memory 2G
tljh-config set limits.cpu 2
tljh-config set user_environment.default_app jupyterlab
tljh-config set services.cull.enabled true
tljh-config set services.cull.timeout 3600
tljh-config reload
