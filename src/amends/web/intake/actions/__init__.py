"""What changes sources and what they delivered: one file per noun, one verb each.

Permission, rule and change lie in one transaction; triggers write the audit entry in it.
"""
