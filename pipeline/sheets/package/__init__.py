"""A workbook's file as bytes: a ZIP archive of XML parts that lead to one another."""
