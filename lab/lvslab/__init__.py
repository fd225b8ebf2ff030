"""Brings the hosts of an Ansible inventory to life on one machine; knows nothing of roles."""
