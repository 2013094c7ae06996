"""The answers of `shop`: funnels, days, tiers, products and customers."""
