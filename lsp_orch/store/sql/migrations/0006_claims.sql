-- A waiter may claim what it waits for: it takes it at that time unless a holder objects.

ALTER TABLE waiter ADD COLUMN claims_at REAL;
CREATE INDEX waiter_claims ON waiter (claims_at);
