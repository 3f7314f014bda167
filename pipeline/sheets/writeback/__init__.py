"""The copy of a workbook with new cells in one sheet, all else as it was."""
