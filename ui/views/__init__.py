"""The views of the portal, one file each."""
