"""One customer’s recovery: queue, workspace, actions."""
