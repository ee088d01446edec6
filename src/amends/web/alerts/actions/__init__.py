"""What people do about alerts, rules, rotas and channels, one verb each, one file per noun."""
