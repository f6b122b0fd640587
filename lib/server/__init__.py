"""What one server keeps and serves, for all visitors together. No streamlit here."""
