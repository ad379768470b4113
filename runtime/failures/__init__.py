"""What is told of an exception: the error map of `docs/protocol.md`, in parts. Imported when the first one comes."""
