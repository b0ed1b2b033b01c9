# Tests of agent/.
