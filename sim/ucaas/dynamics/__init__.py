"""A fake Dynamics 365 environment: Entra, Dataverse, file storage, and the calls that fill them."""
