"""The e-mail example: a small ticket desk, real mail parsing, eleven actions and the workflow that uses them.

Start at `wfnb.maildesk.demo`. The desk needs the extra ``wfnb[mail]`` and nothing here is needed by wfnb itself.
"""
