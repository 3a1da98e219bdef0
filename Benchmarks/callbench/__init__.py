"""The parts of `make bench`: what a call costs Tandem, Kamailio and a bare forwarder."""
