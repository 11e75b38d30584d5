"""Who and what is let in, before Gradio sees a request."""
