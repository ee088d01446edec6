"""Any program that signs its deliveries as Standard Webhooks says; the source maps its fields."""
