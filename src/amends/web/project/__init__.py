"""The project: settings, addresses, start and stop, health. The top of the web's layers."""
