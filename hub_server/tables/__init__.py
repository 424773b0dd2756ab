"""Excel and CSV in and out: pure, within limits, Chinese headings first."""
