"""The lake of signals and the engines that query it."""
