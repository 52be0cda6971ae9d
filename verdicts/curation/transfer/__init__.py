"""Catalogue files in and out."""
