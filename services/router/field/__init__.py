"""The field: whoever has work, or was alerted, sees it and moves it by a signed link."""
