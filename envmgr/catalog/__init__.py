"""Every callable of a library, collected once per store entry in a throwaway process. Imports environments and what it may."""
