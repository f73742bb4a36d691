"""firewalld: zones, rules, and the bans that it enforces."""
