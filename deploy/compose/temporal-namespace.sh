#!/bin/sh
# Makes the namespace when there is none. The history of a batch is kept for thirty days.
set -eu
until temporal operator cluster health; do sleep 2; done
temporal operator namespace describe -n default || temporal operator namespace create -n default --retention 30d
