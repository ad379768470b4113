"""What came of a matrix, for people and for machines: terminal, Markdown, HTML, JUnit XML, JSON."""
