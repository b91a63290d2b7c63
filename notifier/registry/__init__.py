"""The desk of the household register: import, correct, verify.

Takes: a county's workbooks as they are, corrections by officers, and bindings by followers.
Leaves: households, persons, phones and followers, encrypted; rejected rows in a sealed workbook with their reasons.
Invariant: rows = added + changed + unchanged + merged + rejected + skipped; the same file again changes nothing.
Never: repairs an id or card number that a spreadsheet has spoiled.
"""
