"""Running one call: exceptions, refs, captured output. Imports library and what it may."""
