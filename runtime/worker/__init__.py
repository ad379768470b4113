"""The loop, the start, the guard, the client. Imports every room of the runtime."""
