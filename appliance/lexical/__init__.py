"""Japanese and English texts to terms: one tokenizer for index and query."""
