"""What several processes on one PostgreSQL database share: jobs, the rate of polls, forgotten keys.

It knows nothing of Gradio or HTTP.
"""
