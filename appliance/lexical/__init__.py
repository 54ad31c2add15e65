"""Japanese and English texts to terms: one tokenizer for index and query."""

from appliance.lexical.sudachi import TOKENIZER as TOKENIZER
from appliance.lexical.sudachi import surface as surface
from appliance.lexical.sudachi import terms as terms
