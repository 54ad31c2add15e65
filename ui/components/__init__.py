"""Streamlit components that ship as files, because the page's policy runs no inline script."""
