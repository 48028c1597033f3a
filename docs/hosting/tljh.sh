#!/bin/sh
# The Littlest JupyterHub on one server: run once as root, after its installer, from the course's checkout.
set -eu

# JupyterHub and nbgitpuller are in the users' environment already, in versions that fit the hub's: leave them alone.
/opt/tljh/user/bin/python -m pip install -e .
install -D -m 644 lib/engineroom/lab_settings.json /opt/tljh/user/share/jupyter/lab/settings/overrides.json
tljh-config set limits.memory 2G
tljh-config set limits.cpu 2
tljh-config set user_environment.default_app jupyterlab
tljh-config set services.cull.enabled true
tljh-config set services.cull.timeout 3600
tljh-config reload
