"""People, teams, roles and what each role may do.

`permissions.py` is the table; `access.py` answers for one person and one object; `actions.py`
changes people. Views say what they need with `requires`; `AccessMiddleware` refuses the rest.
"""
