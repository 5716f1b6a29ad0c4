"""Why scores are what they are: words, exact reasons, drivers, partial dependence, groups, the model's card."""
