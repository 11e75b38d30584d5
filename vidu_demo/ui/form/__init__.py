"""The form: pictures, prompt, settings, and the buttons that buy."""
