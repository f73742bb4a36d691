"""A stand-in for the Pulumi plugin `terraform-provider`: Fortinet's provider 1.25.0 as the bridge shows it."""
